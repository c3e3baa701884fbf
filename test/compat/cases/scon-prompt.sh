# id: scon-prompt
# title: commands from standard input
# group: small
# tier: 2
# tags: scontrol, errors

t bash -c 'printf '"'"'show part long\n'"'"' | scontrol'
t bash -c 'printf '"'"'show part long'"'"' | scontrol'
t bash -c 'printf '"'"'!!\n'"'"' | scontrol'
t bash -c 'printf '"'"'oneliner\nshow part long\n'"'"' | scontrol'
t bash -c 'printf '"'"'hide\nall\ndetails\nshow part long\n'"'"' | scontrol'
t bash -c 'printf '"'"'show hostlist "n1,n2"\n'"'"' | scontrol'
t bash -c 'printf '"'"'show hostlist n1 n2\n'"'"' | scontrol'
t bash -c 'printf '"'"'ver\nshow hostl n1,n2\n'"'"' | scontrol'
t bash -c 'printf '"'"'show hostlist "n1\n'"'"' | scontrol'
t bash -c 'printf '"'"'exit now\n'"'"' | scontrol'
t bash -c 'printf '"'"'quit\n'"'"' | scontrol'
t bash -c 'printf '"'"'quit\n'"'"' | scontrol -Q'
t bash -c 'printf '"'"'show job 99999\n'"'"' | scontrol; echo $?'
t bash -c 'printf '"'"'hold 99999\nrelease 99999\nupdate job=99999 name=x\n'"'"' | scontrol; echo $?'
t bash -c 'printf '"'"'nosuch\n'"'"' | scontrol; echo $?'
t bash -c 'printf '"'"'ping\n'"'"' | scontrol'
t bash -c 'printf '"'"'update jobid=99999 comment="a b c"\n'"'"' | scontrol'
t bash -c 'printf "show hostlist '"'"'n1,n2'"'"'\n" | scontrol'
